import { embedded } from '../store/embedded/embedded-store.js';
export const events = embedded;
