import type { AnyCommand } from '../../kernel/index.js';
import { registerSupplier } from './commands/register-supplier.js';

export { supplier, type Supplier } from './supplier.js';

/** Everything that can be asked of a supplier. To add a command: one new file, one line here. */
export const supplierCommands: readonly AnyCommand[] = [registerSupplier];
