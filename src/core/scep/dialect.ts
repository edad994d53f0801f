/** The three families of SCEP clients that Intune manages; each builds its URLs in its own way. */
export const DIALECTS = ['android', 'ios', 'windows'] as const;

export type Dialect = (typeof DIALECTS)[number];
