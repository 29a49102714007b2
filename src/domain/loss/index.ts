export { loss, LOSS_STAGES, type Loss, type LossStage } from './loss.js';
