import { open } from 'node:fs/promises';
export const store = open;
