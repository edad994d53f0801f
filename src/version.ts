import manifest from '../package.json' with { type: 'json' };

/** The version that goes into the user agent, reports and `--version`. */
export const VERSION: string = manifest.version;
