/** What becomes of mail, for the application's own server code. No route leads here. */
export interface Mail {
  /** Lets nothing be mailed to an address for 24 hours: for the webhook by which your mail service tells that mail came back.
   * What is asked for meanwhile is answered as ever. Call it only for what the service has signed: whoever can, keeps somebody
   * from getting mail.
   * @throws {AuthError} `input_invalid`
   * @example Usage
   * ```ts ignore
   * await auth.mail.bounced({ address: "ada@example.com" });
   * ``` */
  bounced(input: { readonly address: string }): Promise<Bounced>;
}

/** What {@link Mail.bounced} answers. */
export interface Bounced {
  /** Until when nothing is mailed there. ISO 8601, UTC. */
  readonly until: string;
}
