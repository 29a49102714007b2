export * from './event.js';
export * from './rejection.js';
