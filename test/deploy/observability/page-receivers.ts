import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "../../integration/until.ts";

/** Who is told. */
export type Receiver = "pagerduty" | "slack";

/** Stands in for PagerDuty and Slack: remembers what it is sent, and says that all is well. */
export class PageReceivers {
  readonly #server: Server;
  readonly #heard: { readonly receiver: Receiver; readonly body: string }[] = [];

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const receiver = request.url === "/slack" ? "slack" : "pagerduty";
      this.#heard.push({ receiver, body });
      response.writeHead(receiver === "slack" ? 200 : 202);
      response.end(receiver === "slack" ? "ok" : '{"status":"success"}');
    });
  }

  static async listen(): Promise<PageReceivers> {
    const receivers = new PageReceivers();
    await new Promise<void>((resolve) => receivers.#server.listen(0, "127.0.0.1", resolve));
    return receivers;
  }

  /** Address of one of them. */
  urlOf(receiver: Receiver): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${receiver}`;
  }

  /** What one of them was sent so far. */
  heard(receiver: Receiver): string[] {
    return this.#heard.filter((each) => each.receiver === receiver).map(({ body }) => body);
  }

  /** Waits until one of them is sent such a thing. */
  async hears(receiver: Receiver, what: RegExp): Promise<void> {
    const isThere = () => this.heard(receiver).some((body) => what.test(body));
    await until(`${receiver} hears of ${what}`, isThere, 20_000);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
