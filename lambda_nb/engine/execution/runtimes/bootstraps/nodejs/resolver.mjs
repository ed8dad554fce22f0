// import() of packages in layers and in the runtime itself: Node.js looks for ES modules only beside
// the file that imports and above it, AWS's runtime also in the folders of NODE_PATH.
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const FOLDERS = (process.env.NODE_PATH ?? "").split(":").filter(Boolean);

const isBare = (specifier) => !/^(\.{0,2}\/|#|[a-z][a-z0-9+.-]*:)/i.test(specifier);

// As if a file beside each folder asked, so that `exports`, subpaths and conditions hold.
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error?.code !== "ERR_MODULE_NOT_FOUND" || !isBare(specifier)) throw error;
    for (const folder of FOLDERS) {
      const asked = basename(folder) === "node_modules" ? join(dirname(folder), "x.mjs") : null;
      try {
        if (asked) return await next(specifier, { ...context, parentURL: pathToFileURL(asked).href });
        const found = createRequire(join(folder, "x.js")).resolve(join(folder, specifier));
        return await next(pathToFileURL(found).href, context);
      } catch (missing) {
        if (missing?.code !== "ERR_MODULE_NOT_FOUND" && missing?.code !== "MODULE_NOT_FOUND") throw missing;
      }
    }
    throw error;
  }
}
