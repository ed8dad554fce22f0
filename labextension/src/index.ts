import cells from './cells';
import debugging from './debugging';
import documents from './documents';
import kernels from './kernels';
import panel from './panel';

export default [...kernels, ...panel, ...documents, ...cells, ...debugging];
