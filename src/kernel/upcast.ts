import type { AnyJson } from './event.js';
interface Versioned {
  readonly version?: number;
  readonly upcast?: Readonly<Record<number, (data: AnyJson) => AnyJson>>;
}

/** Data of an earlier shape in the shape of today. */
export const upcastOf = ({ version = 1, upcast }: Versioned, data: AnyJson, from: number): AnyJson => {
  let now = data;
  for (let v = from; v < version; v++) now = upcast![v]!(now);
  return now;
};
