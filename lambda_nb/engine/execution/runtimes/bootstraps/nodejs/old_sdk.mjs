// Version 2 of AWS's SDK (the package aws-sdk) does not read AWS_ENDPOINT_URL, as version 3 does: when
// a function loads it, it is told. What a function sets itself, in AWS.config or a client, still counts.
import Module, { createRequire } from "node:module";

const PACKAGE = /(^|[\\/]node_modules[\\/])aws-sdk([\\/]|$)/;

export function tellOldSdk() {
  if (!process.env.AWS_ENDPOINT_URL) return;
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    const loaded = load.call(this, request, parent, isMain);
    if (PACKAGE.test(request)) {
      Module._load = load;
      tell(Module._resolveFilename(request, parent, isMain));
    }
    return loaded;
  };
}

function tell(file) {
  let config;
  try {
    ({ config } = createRequire(file)("aws-sdk/lib/core"));
  } catch {
    return; // another package of this name
  }
  // Buckets in the path: names below 127.0.0.1 lead nowhere.
  if (!config.endpoint) config.update({ endpoint: process.env.AWS_ENDPOINT_URL, s3ForcePathStyle: true });
}
