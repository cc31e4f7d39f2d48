/**
 * Loaded into the console by its supervisor: when the channel between them breaks, the supervisor is gone without
 * having stopped the console, and the console stops itself.
 */
if (process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), 10_000).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  process.channel.unref();
}
