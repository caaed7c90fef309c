import { base32, base64url } from "../base/encoding.ts";

/** An id: 128 random bits as 26 letters and digits of lowercase base32. */
export const ID: RegExp = /^[a-z2-7]{26}$/;

/** A new id. */
export function newId(random: (length: number) => Uint8Array): string {
  return base32(random(16));
}

/** 256 random bits, as 43 characters of base64url. */
export function newSecret(random: (length: number) => Uint8Array): string {
  return base64url(random(32));
}

/** A code of `length` digits. A byte of 250 or more is drawn again, or the digits 0 to 5 would come more often. */
export function newCode(length: number, random: (length: number) => Uint8Array): string {
  let code = "";
  while (code.length < length) {
    for (const byte of random(length)) if (byte < 250 && code.length < length) code += String(byte % 10);
  }
  return code;
}

/** What a code looks like that nobody guesses. No code of digits does. */
export const LONG_CODE: RegExp = /^[a-z2-7]{12}$/;

/** A code that nobody guesses: 60 random bits as 12 characters of lowercase base32. */
export function newLongCode(random: (length: number) => Uint8Array): string {
  return base32(random(8)).slice(0, 12);
}

/** What the token of a link holds, under seal: which step it answers, and by what. */
export interface LinkToken {
  /** The step's id. */
  readonly id: string;
  /** 26 letters and digits. */
  readonly code: string;
}

/** id + code. */
export function formatLinkToken({ id, code }: LinkToken): string {
  return id + code;
}

/** Reads one; null for anything else. */
export function parseLinkToken(text: string): LinkToken | null {
  const [, id, code] = /^([a-z2-7]{26})([a-z2-7]{26})$/.exec(text) ?? [];
  return id === undefined || code === undefined ? null : { id, code };
}

/** What the session cookie holds: whose it is, and 256 random bits whose SHA-256 the session keeps. */
export interface SessionToken {
  /** The user's id. */
  readonly uid: string;
  /** The session's id. */
  readonly sid: string;
  /** 43 characters of base64url. */
  readonly secret: string;
}

/** What a refresh token holds: whose it is, its generation, and a keyed hash over both. */
export interface RefreshToken {
  /** The user's id. */
  readonly uid: string;
  /** The session's id. */
  readonly sid: string;
  /** 0 for the first, one more at each rotation. */
  readonly generation: number;
  /** 43 characters of base64url. */
  readonly mac: string;
}

/** `lks_` + uid + sid + secret. */
export function formatSessionToken({ uid, sid, secret }: SessionToken): string {
  return `lks_${uid}${sid}${secret}`;
}

/** Reads a session token; null for anything else, tokens of other kinds included. */
export function parseSessionToken(text: string): SessionToken | null {
  const [, uid, sid, secret] = /^lks_([a-z2-7]{26})([a-z2-7]{26})([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return uid === undefined || sid === undefined || secret === undefined ? null : { uid, sid, secret };
}

/** `lkr_` + uid + sid + generation + `.` + mac. */
export function formatRefreshToken({ uid, sid, generation, mac }: RefreshToken): string {
  return `lkr_${uid}${sid}${generation}.${mac}`;
}

/** Reads a refresh token; null for anything else, tokens of other kinds included. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const pattern = /^lkr_([a-z2-7]{26})([a-z2-7]{26})(0|[1-9]\d{0,9})\.([A-Za-z0-9_-]{43})$/;
  const [, uid, sid, generation, mac] = pattern.exec(text) ?? [];
  if (uid === undefined || sid === undefined || generation === undefined || mac === undefined) return null;
  return { uid, sid, generation: Number(generation), mac };
}

/** What a device token holds: which device signed in to whose account, when, and a keyed hash over that and the account's epoch. */
export interface DeviceToken {
  /** The user's id. */
  readonly uid: string;
  /** The device's id: of the first session that this account had on it. */
  readonly did: string;
  /** When it was made, in seconds since 1970. */
  readonly at: number;
  /** 43 characters of base64url. */
  readonly mac: string;
}

/** `lkd_` + uid + device id + time + `.` + mac. */
export function formatDeviceToken({ uid, did, at, mac }: DeviceToken): string {
  return `lkd_${uid}${did}${at}.${mac}`;
}

/** Reads a device token; null for anything else, tokens of other kinds included. */
export function parseDeviceToken(text: string): DeviceToken | null {
  const pattern = /^lkd_([a-z2-7]{26})([a-z2-7]{26})(0|[1-9]\d{0,11})\.([A-Za-z0-9_-]{43})$/;
  const [, uid, did, at, mac] = pattern.exec(text) ?? [];
  if (uid === undefined || did === undefined || at === undefined || mac === undefined) return null;
  return { uid, did, at: Number(at), mac };
}
