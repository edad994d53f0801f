import { asciiJson } from '../ascii-json.ts';
import type { Row, RowValue, StoredRow } from '../rows.ts';
import { isInt32, storedValues } from '../stored-values.ts';

/** JSON of an entity; Int32, text and booleans need no type, a Double and an Int64 say what they are. */
export function entityJson(partitionKey: string, row: Row): string {
  const properties = Object.entries(storedValues(row.values)).flatMap(([name, value]) => property(name, value));
  return asciiJson(Object.fromEntries([['PartitionKey', partitionKey], ['RowKey', row.rowKey], ...properties]));
}

function property(name: string, value: RowValue): readonly (readonly [string, string | number | boolean])[] {
  if (typeof value === 'bigint')
    return [
      [`${name}@odata.type`, 'Edm.Int64'],
      [name, value.toString()],
    ];
  // Without its type the service would take 3e9 for a number that does not fit, or for a Double only by luck.
  if (typeof value === 'number' && !isInt32(value))
    return [
      [`${name}@odata.type`, 'Edm.Double'],
      [name, value],
    ];
  return [[name, value]];
}

/** Keys and what the service keeps about an entity, as the library names them. */
const NO_VALUES = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp']);

/**
 * An entity as the library gives it with `disableTypeConversion`.
 * @throws Error when it has no row key or no etag: then it is not an answer of a table service.
 */
export function storedRow(entity: object): StoredRow {
  const rowKey = 'rowKey' in entity ? entity.rowKey : undefined;
  const etag = 'etag' in entity ? entity.etag : undefined;
  if (typeof rowKey !== 'string' || typeof etag !== 'string') throw new Error('an entity without row key or etag');
  const values = Object.entries(entity)
    // What is selected and not there comes as null.
    .filter(([name, value]) => !(NO_VALUES.has(name) || name.startsWith('odata.') || value === null || value === undefined))
    .map(([name, value]): [string, RowValue] => [name, rowValue(value)]);
  return { rowKey, values: Object.fromEntries(values), etag };
}

/** `{ value, type }`, where numbers and booleans come as text. Types that are never written here, such as dates, are read as text. */
function rowValue(property: unknown): RowValue {
  if (typeof property !== 'object' || property === null || !('value' in property && 'type' in property)) return String(property);
  const text = String(property.value);
  switch (property.type) {
    case 'Int32':
    case 'Double':
      return Number(text);
    case 'Int64':
      return BigInt(text);
    case 'Boolean':
      return text === 'true';
    default:
      return text;
  }
}
