export { poolName, samePool, workforce, type Plan, type Pool, type PoolName, type Transfer, type Workforce } from './workforce.js';
