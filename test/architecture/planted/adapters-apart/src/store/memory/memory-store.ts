import { embedded } from '../embedded/embedded-store.js';
export const memory = embedded;
