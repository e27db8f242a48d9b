// Reads an AsyncAPI document from standard input and prints what the reference parser has to say against it, a line each.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
for (const { severity, code, path, message } of diagnostics) {
  console.log(`${["error", "warning", "information", "hint"][severity]} ${code} at ${path.join(".")}: ${message}`);
}
if (!document) console.log("error: the parser makes no document of it");
