/** Keys in ascending order of their UTF-16 code units, no key twice. */
export interface SortedKeys {
  readonly add: (key: string) => void;
  readonly remove: (key: string) => void;
  /** From `from` inclusive to `before` exclusive. The keys may not change while somebody iterates. */
  readonly range: (from?: string, before?: string) => Iterable<string>;
}

/** Small enough to be shifted at once, large enough that 100,000 keys are a few hundred blocks. */
const BLOCK = 512;

/** Blocks of sorted keys: adding, removing and finding stay cheap in whatever order keys come, newest first included. */
export function sortedKeys(): SortedKeys {
  const blocks: string[][] = [];

  const blockOf = (key: string): number => Math.max(0, firstAbove(blocks, key, ([first = '']) => first) - 1);

  return {
    add: (key) => {
      const index = blockOf(key);
      const block = blocks[index];
      if (block === undefined) {
        blocks.push([key]);
        return;
      }
      const at = positionOf(block, key);
      if (block[at] === key) return;
      block.splice(at, 0, key);
      if (block.length > BLOCK) blocks.splice(index + 1, 0, block.splice(BLOCK / 2));
    },
    remove: (key) => {
      const index = blockOf(key);
      const block = blocks[index];
      if (block === undefined) return;
      const at = positionOf(block, key);
      if (block[at] !== key) return;
      block.splice(at, 1);
      if (block.length === 0) blocks.splice(index, 1);
    },
    range: function* (from = '', before) {
      for (let index = blockOf(from); index < blocks.length; index++) {
        const block = blocks[index] ?? [];
        for (let at = positionOf(block, from); at < block.length; at++) {
          const key = block[at] ?? '';
          if (before !== undefined && key >= before) return;
          yield key;
        }
      }
    },
  };
}

/** Where `key` is, or would be. */
function positionOf(block: readonly string[], key: string): number {
  const above = firstAbove(block, key, (one) => one);
  return block[above - 1] === key ? above - 1 : above;
}

/** Index of the first item whose key is greater than `key`; the length when there is none. */
function firstAbove<Item>(items: readonly Item[], key: string, keyOf: (item: Item) => string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item === undefined || keyOf(item) > key) high = middle;
    else low = middle + 1;
  }
  return low;
}
