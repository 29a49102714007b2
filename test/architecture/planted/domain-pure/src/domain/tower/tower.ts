import { readFileSync } from 'node:fs';
export const towers = readFileSync('towers');
