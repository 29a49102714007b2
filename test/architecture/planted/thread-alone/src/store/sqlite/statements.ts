import { row } from './rows.js';
export const statements = row;
