import { stringify } from 'csv-stringify/sync';
export const table = (rows: readonly string[][]): string => stringify([...rows]);
