import { registerColumns } from './cli/staff.js';
export const csv = registerColumns.join();
