import { memoryRows } from '../../../src/store/memory-rows.ts';
import { describeStore } from '../../contract/store.contract.ts';

describeStore('memory', async () => memoryRows(), { runs: 200 });
