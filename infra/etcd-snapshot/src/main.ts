import { restore } from "./restore.ts";
import { save } from "./save.ts";
import { restoreSettings, SettingsError, saveSettings } from "./settings.ts";

const usage = `Usage: node infra/etcd-snapshot/src/main.ts save | restore

save      takes a snapshot of a shard and stores it in S3
restore   fills the empty folder of one member from a snapshot

Settings are environment variables; infra/etcd-snapshot/README.md has them.
Exit codes: 0 done, 1 not done, 64 wrong usage, 78 settings that cannot be used.`;

const exitUsage = 64;
const exitSettings = 78;

process.exitCode = await main(process.argv.slice(2));

async function main([task, ...more]: readonly string[]): Promise<number> {
  if ((task !== "save" && task !== "restore") || more.length > 0) {
    console.error(usage);
    return exitUsage;
  }
  try {
    const result =
      task === "save"
        ? await save(saveSettings(process.env), new Date())
        : await restore(restoreSettings(process.env));
    console.log(JSON.stringify(result));
    return result.kind === "failed" ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    return exitSettings;
  }
}
