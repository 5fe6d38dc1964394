// One field of a cron expression: numbers, names, ranges, steps and lists of them.

/** The numbers a field may have, under all their names. */
export interface FieldNumbers {
  readonly least: number;
  readonly most: number;
  /** In order from `least`. */
  readonly names: readonly string[];
}

export const monthNumbers: FieldNumbers = {
  least: 1,
  most: 12,
  names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
/** 1 is Sunday. */
export const weekdayNumbers: FieldNumbers = {
  least: 1,
  most: 7,
  names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};
export const monthDayNumbers: FieldNumbers = { least: 1, most: 31, names: [] };

/** The items between commas, each as `parse` has it; nothing when one of them is wrong. */
export function eachOf<Item>(
  field: string,
  parse: (item: string) => readonly Item[] | undefined,
): readonly Item[] | undefined {
  const items = field.split(",").map(parse);
  return items.every((item) => item !== undefined) ? items.flat() : undefined;
}

/** Without a first number it is the whole field: `*`, or a step alone. */
const itemForm = /^(?:\*|([0-9A-Z]+)(?:-([0-9A-Z]+))?|(?=\/))(?:\/([0-9]{1,2}))?$/;

/** `*`, `5`, `5-8`, and with a step behind it: `/5`, `5/5`, `5-20/5`. */
export function parseItem(item: string, numbers: FieldNumbers): readonly number[] | undefined {
  const match = itemForm.exec(item);
  const span = match === null ? undefined : spanOf(match, numbers);
  const step = parseNumber(match?.[3] ?? "1", { ...numbers, least: 1, names: [] });
  if (span === undefined || step === undefined) return undefined;
  return numbersFrom(span.first, span.last, step);
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** A step counts to the end of the field, unless it is told where to stop. */
function spanOf([, from, to, step]: readonly string[], numbers: FieldNumbers): Span | undefined {
  const { least, most } = numbers;
  if (from === undefined) return { first: least, last: most };
  const first = parseNumber(from, numbers);
  const end = step === undefined ? first : most;
  const last = to === undefined ? end : parseNumber(to, numbers);
  if (first === undefined || last === undefined || last < first) return undefined;
  return { first, last };
}

export function parseNumber(
  text: string,
  { least, most, names }: FieldNumbers,
): number | undefined {
  const place = names.indexOf(text);
  if (place !== -1) return least + place;
  if (!/^[0-9]{1,2}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** Ascending, `last` included when a step comes out there. */
export function numbersFrom(first: number, last: number, step: number): readonly number[] {
  return Array.from(
    { length: Math.floor((last - first) / step) + 1 },
    (_, place) => first + place * step,
  );
}
