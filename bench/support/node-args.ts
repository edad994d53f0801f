import manifest from '../../package.json' with { type: 'json' };

/** What `npm start` tells Node itself, so that a monitor is measured as it runs. */
export const NODE_ARGS: readonly string[] = /^node((?: --\S+)*) /.exec(manifest.scripts.start)?.[1]?.split(' ').filter(Boolean) ?? [];
