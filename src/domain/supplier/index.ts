export { supplier, type Supplier } from './supplier.js';
