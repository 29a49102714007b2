import { embedded } from '../sqlite/sqlite-store.js';
export const kurrent = embedded;
