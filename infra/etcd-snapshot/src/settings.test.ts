import { describe, expect, test } from "vitest";
import { restoreSettings, SettingsError, saveSettings } from "./settings.ts";

const shared = {
  SNAPSHOT_BUCKET: "b",
  SNAPSHOT_S3_REGION: "us-east-1",
  SNAPSHOT_WORK_DIR: "w",
};
const save = {
  ...shared,
  SNAPSHOT_ENDPOINTS: "https://a:2379,https://b:2379",
  SNAPSHOT_PREFIX: "p",
};

describe("settings", () => {
  test("name the members and the bucket, and by whose word it is written", () => {
    expect(saveSettings(save)).toEqual({
      workDir: "w",
      bucket: { bucket: "b", region: "us-east-1" },
      endpoints: ["https://a:2379", "https://b:2379"],
      prefix: "p",
    });
    const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
    const elsewhere = { ...save, ...keys, SNAPSHOT_S3_ENDPOINT: "http://s3:9000" };
    expect(saveSettings(elsewhere).bucket).toEqual({
      bucket: "b",
      region: "us-east-1",
      endpoint: "http://s3:9000",
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    });
  });

  test("name the CA of the store, which must be one, and of use", () => {
    const with_ = (ca: string, scheme = "https") => ({
      ...{ ...save, SNAPSHOT_S3_ENDPOINT: `${scheme}://s3:9000`, SNAPSHOT_S3_TLS_CA: ca },
    });
    expect(() => saveSettings(with_("/none.pem"))).toThrow(
      /SNAPSHOT_S3_TLS_CA cannot be used: .*none/,
    );
    expect(() => saveSettings(with_("/ca.pem", "http"))).toThrow(/is in plain text/);
    expect(saveSettings(with_("")).bucket).not.toHaveProperty("tls");
  });

  test("that are missing or empty are named", () => {
    for (const name of Object.keys(save)) {
      const error = new SettingsError(`${name} must be set.`);
      expect(() => saveSettings({ ...save, [name]: undefined })).toThrow(error);
      expect(() => saveSettings({ ...save, [name]: "" })).toThrow(error);
    }
    expect(() => restoreSettings(shared)).toThrow("SNAPSHOT_OBJECT must be set.");
  });
});
