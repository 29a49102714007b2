import { transport } from './transport.js';

// The same faults where each append is a call of its own.
transport.appends = 'unary';
await import('./faults.spec.js');
