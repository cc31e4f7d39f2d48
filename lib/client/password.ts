/** Without letters that look like one another, because somebody will type it. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
const groups = 5;
const groupLength = 4;

/** A new password, `x7kq-…` in five groups: 99 random bits. */
export function newPassword(): string {
  const text = Array.from({ length: groups * groupLength }, letter).join('');
  return Array.from({ length: groups }, (_, group) => text.slice(group * groupLength, (group + 1) * groupLength)).join('-');
}

/** A byte beyond the last whole multiple is drawn again, so that every letter is as likely as the next. */
function letter(): string {
  const most = 256 - (256 % letters.length);
  const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
  return byte < most ? letters.charAt(byte % letters.length) : letter();
}
