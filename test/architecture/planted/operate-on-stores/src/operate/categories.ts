import { aggregates } from '../domain/index.js';
export const categories = aggregates;
