/** Something that the person at the keyboard can put right: one line that says what would be right. Exit code 3. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
