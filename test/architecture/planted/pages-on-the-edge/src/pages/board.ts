import { embedded } from '../store/sqlite/sqlite-store.js';
export const board = embedded;
