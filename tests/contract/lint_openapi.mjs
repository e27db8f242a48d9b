// Prints what Redocly finds in an OpenAPI file, as JSON: {"problems": [{ruleId, message, severity}]}.
import { lint, loadConfig } from "@redocly/openapi-core";

const config = await loadConfig({ configPath: "redocly.yaml" });
const problems = await lint({ ref: process.argv[2], config });
process.stdout.write(JSON.stringify({
  problems: problems.map(({ ruleId, message, severity, location }) => ({
    ruleId, severity, message: `${message} (${severity}, ${location?.[0]?.pointer})`,
  })),
}));
