/**
 * Loaded into the console by its supervisor: when the channel between them breaks, the supervisor is gone without
 * having stopped the console, and the console stops itself. Next hands this on to processes that it starts itself;
 * their channel is Next's own and is left alone.
 */
if (process.channel && process.env.RISKDESK_SUPERVISOR === String(process.ppid)) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), 10_000).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  process.channel.unref();
}
