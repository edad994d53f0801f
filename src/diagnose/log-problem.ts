/** Why a log, or the rest of it, cannot be read; the message is one sentence part for people, without the name of the file. */
export class LogProblem extends Error {
  override readonly name = 'LogProblem';
}

const BY_CODE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'it may not be read: permission denied',
  EPERM: 'it may not be read: permission denied',
  EBUSY: 'another program holds it',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
  EIO: 'the disk cannot read it',
  ERR_INVALID_ARG_VALUE: 'the name has a character that no name can have',
  Z_BUF_ERROR: 'the compressed data ends too early; what came before it has been read',
  Z_DATA_ERROR: 'the compressed data is damaged; what came before it has been read',
};

/** What to tell about anything that was thrown while a log was read. */
export function problemText(error: unknown): string {
  if (error instanceof LogProblem) return error.message;
  if (!(error instanceof Error)) return `reading failed: ${String(error)}`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return BY_CODE[code] ?? (error.name === 'AbortError' ? 'reading was interrupted' : `reading failed: ${code || error.message}`);
}
