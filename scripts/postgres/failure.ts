/** The line of a server's output that says what went wrong, without its prefix. */
export function failureIn(output: string): string {
  const known: [RegExp, string][] = [
    [/No space left on device/, 'the disk is full.'],
    [/Read-only file system/, 'the disk is read-only.'],
    [/Address already in use/, 'its port was taken meanwhile; start again.'],
  ];
  const reason = known.find(([pattern]) => pattern.test(output));
  if (reason) return reason[1];
  const lines = output.split('\n').map((line) => line.trim()).filter(Boolean);
  const telling = lines.findLast((line) => /FATAL:|PANIC:|error:/.test(line)) ?? lines.at(-1);
  return telling?.replace(/^.*?(FATAL|PANIC|error):\s*/, '') ?? 'it said nothing.';
}
