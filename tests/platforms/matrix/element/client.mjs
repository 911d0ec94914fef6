// A client as Element Web is one: matrix-js-sdk with its Rust crypto.
//
// It takes one command a line on its standard input, as JSON, and writes one answer or event a line. It ends with its
// input. What the SDK logs goes to standard error. tests/platforms/matrix/element.py drives it.

import { createInterface } from "node:readline";

// Node has it from 22 on, and the SDK relies on it.
Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new this((resolved, rejected) => ([resolve, reject] = [resolved, rejected]));
    return { promise, resolve, reject };
};

// Standard output is for answers.
for (const level of ["debug", "info", "log", "trace", "warn"]) console[level] = console.error;

const sdk = await import("matrix-js-sdk");
const { logger } = await import("matrix-js-sdk/lib/logger.js");
const { PollResponseEvent } = await import("matrix-js-sdk/lib/extensible_events_v1/PollResponseEvent.js");
const { EventShieldColour, EventShieldReason, OnlySignedDevicesIsolationMode } =
    await import("matrix-js-sdk/lib/crypto-api/index.js");
const { VerificationPhase, VerificationRequestEvent } = await import("matrix-js-sdk/lib/crypto-api/verification.js");

const MEGOLM = "m.megolm.v1.aes-sha2";
let client;
let crypto;

const commands = {
    // Logs in as a new device. One that is not `signed` is left as it is after a login that the user has not confirmed;
    // others sign themselves: with the account's keys if the recovery key is given, and otherwise with new ones.
    async login({ homeserver, user, password, signed, recovery }) {
        const given = await sdk.createClient({ baseUrl: homeserver, logger }).loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
            initial_device_display_name: "Element",
        });
        let privateKey = recovery ? decodeKey(recovery) : undefined;
        client = sdk.createClient({
            baseUrl: homeserver,
            userId: given.user_id,
            accessToken: given.access_token,
            deviceId: given.device_id,
            logger,
            cryptoCallbacks: {
                getSecretStorageKey: async ({ keys }) => [Object.keys(keys)[0], privateKey],
                cacheSecretStorageKey: () => undefined,
            },
        });
        await client.initRustCrypto({ useIndexedDB: false });
        crypto = client.getCrypto();
        client.on(sdk.ClientEvent.Event, taken);
        client.on(sdk.MatrixEventEvent.Decrypted, taken);
        await started();
        if (signed) {
            // This fetches the keys that the account has, which the SDK does not do by itself.
            await crypto.userHasCrossSigningKeys(given.user_id, true);
            const auth = { type: "m.login.password", identifier: { type: "m.id.user", user: given.user_id }, password };
            await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (upload) => upload(auth) });
            if (!recovery) {
                const key = await crypto.createRecoveryKeyFromPassphrase();
                privateKey = key.privateKey;
                await crypto.bootstrapSecretStorage({ createSecretStorageKey: async () => key });
            }
        }
        return {
            user: given.user_id,
            device: given.device_id,
            token: given.access_token,
            version: crypto.getVersion(),
            recovery: signed ? encodeKey(privateKey) : "",
        };
    },

    // Treats devices that their owners did not sign as if they were not there (MSC4153).
    async isolate() {
        crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
    },

    // Gives keys to verified devices alone, or to all again.
    async trust_verified_alone({ whether }) {
        crypto.globalBlacklistUnverifiedDevices = whether;
    },

    async create_room({ invite, encrypted }) {
        const state = { type: "m.room.encryption", state_key: "", content: { algorithm: MEGOLM } };
        const { room_id } = await client.createRoom({ invite, initial_state: encrypted ? [state] : [] });
        // What is said before an invitation has come back is not encrypted for whoever is invited.
        await until(() => [...invite, client.getUserId()].every((user) => client.getRoom(room_id)?.getMember(user)));
        await until(() => client.getRoom(room_id).hasEncryptionStateEvent() === encrypted);
        return room_id;
    },

    async join({ room_id }) {
        await client.joinRoom(room_id);
        await until(() => client.getRoom(room_id)?.getMyMembership() === sdk.KnownMembership.Join);
    },

    async invite({ room_id, user }) {
        await client.invite(room_id, user);
        await until(() => client.getRoom(room_id).getMember(user));
    },

    async send({ room_id, kind, content }) {
        const relation = content["m.relates_to"] ?? {};
        const thread = relation.rel_type === sdk.RelationType.Thread ? relation.event_id : null;
        return await sent(room_id, thread, kind, content);
    },

    // What a client shows beside an event: the colour of the shield, and why.
    async shield({ room_id, event_id }) {
        const info = await crypto.getEncryptionInfoForEvent(eventOf(room_id, event_id));
        if (info === null) return null;
        return { colour: EventShieldColour[info.shieldColour], reason: EventShieldReason[info.shieldReason] ?? "" };
    },

    async devices({ user }) {
        const devices = (await crypto.getUserDeviceInfo([user], true)).get(user) ?? new Map();
        const told = {};
        for (const id of devices.keys()) {
            const status = await crypto.getDeviceVerificationStatus(user, id);
            told[id] = {
                signed_by_owner: status.signedByOwner,
                verified: status.crossSigningVerified,
                name: devices.get(id).displayName ?? "",
            };
        }
        return told;
    },

    async is_cross_signed({ user }) {
        return await crypto.userHasCrossSigningKeys(user, true);
    },

    // Asks somebody to verify one another, as “Verify user” does, and tells how they end it.
    async verify({ room_id, user }) {
        const request = await crypto.requestVerificationDM(user, room_id);
        while (request.phase !== VerificationPhase.Cancelled)
            await new Promise((resolve) => request.once(VerificationRequestEvent.Change, resolve));
        return [request.cancellingUserId, request.cancellationCode];
    },

    // How the SDK takes a thread: what was said in it, in order.
    async thread({ room_id, event_id }) {
        const thread = client.getRoom(room_id).getThread(event_id);
        return thread && thread.events.map((event) => event.getId()).filter((id) => id !== event_id);
    },

    // How the SDK takes a poll: its question and answers, and by whom each is chosen.
    async poll({ room_id, event_id }) {
        const poll = await pollOf(room_id, event_id);
        const responses = (await poll.getResponses()).getRelations();
        return {
            question: poll.pollEvent.question.text,
            answers: poll.pollEvent.answers.map(({ id, text }) => [id, text]),
            is_disclosed: sdk.M_POLL_KIND_DISCLOSED.matches(poll.pollEvent.rawKind),
            most: poll.pollEvent.maxSelections,
            votes: responses.map((event) => [
                event.getSender(),
                (event.getContent()["m.selections"] ?? event.getContent()[sdk.M_POLL_RESPONSE.name]).answers,
            ]),
        };
    },

    async vote({ room_id, event_id, answer }) {
        const poll = await pollOf(room_id, event_id);
        const response = PollResponseEvent.from([answer], event_id);
        response.validateAgainst(poll.pollEvent);
        if (response.spoiled) throw new Error(`“${answer}” is none of the poll's answers`);
        const { type, content } = response.serialize();
        const id = await sent(room_id, null, type, content);
        const isCounted = async () => (await poll.getResponses()).getRelations().some((event) => event.getId() === id);
        while (!(await isCounted())) await new Promise((resolve) => poll.once(sdk.PollEvent.Responses, resolve));
    },

    async logout() {
        await client.logout(true);
    },
};

async function started() {
    const settled = new Promise((resolve, reject) => {
        client.on(sdk.ClientEvent.Sync, (state, _, data) => {
            if (state === "PREPARED") resolve();
            if (state === "ERROR") reject(data.error);
        });
    });
    await client.startClient({ initialSyncLimit: 100, threadSupport: true });
    await settled;
}

// Sends an event. The SDK means that it failed if one of a thread comes by sync before its sending was acknowledged.
async function sent(room_id, thread, kind, content) {
    const transaction = client.makeTxnId();
    let echo;
    const listen = (event) => {
        if (event.getTxnId() === transaction && event.status === null) echo = event.getId();
    };
    client.on(sdk.RoomEvent.LocalEchoUpdated, listen);
    try {
        return (await client.sendEvent(room_id, thread, kind, content, transaction)).event_id;
    } catch (error) {
        if (echo) return echo;
        throw error;
    } finally {
        client.off(sdk.RoomEvent.LocalEchoUpdated, listen);
    }
}

// Waits until something is so, which is looked at whenever there is news.
async function until(isSo) {
    while (!isSo()) await new Promise((resolve) => client.once(sdk.ClientEvent.Sync, resolve));
}

// Returns a poll, once the SDK has understood that an event is one.
async function pollOf(room_id, event_id) {
    const room = client.getRoom(room_id);
    while (!room.polls.has(event_id)) await new Promise((resolve) => room.once(sdk.PollEvent.New, resolve));
    return room.polls.get(event_id);
}

function eventOf(room_id, event_id) {
    const event = client.getRoom(room_id)?.findEventById(event_id);
    if (!event) throw new Error(`no event ${event_id}`);
    return event;
}

// Tells of an event, in clear; of one that cannot be read, why, and again when it can.
function taken(event) {
    if (!event.getRoomId() || !event.getId() || event.isBeingDecrypted()) return;
    if (event.isEncrypted() && event.getClearContent() === null && !event.isDecryptionFailure()) return;
    say({
        event: {
            room_id: event.getRoomId(),
            event_id: event.getId(),
            sender: event.getSender(),
            state_key: event.getStateKey(),
            type: event.isDecryptionFailure() ? "m.room.encrypted" : event.getType(),
            content: event.isDecryptionFailure() ? {} : event.getOriginalContent(),
            is_encrypted: event.isEncrypted(),
            failure: event.decryptionFailureReason ?? "",
            thread: event.threadRootId ?? "",
            reply_to: event.replyEventId ?? "",
        },
    });
}

function encodeKey(key) {
    return Buffer.from(key).toString("base64");
}

function decodeKey(text) {
    return new Uint8Array(Buffer.from(text, "base64"));
}

function say(line) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function done({ number, command, ...given }) {
    try {
        say({ number, answer: (await commands[command](given)) ?? null });
    } catch (error) {
        console.error(error);
        say({ number, failed: `${command}: ${error}` });
    }
}

for await (const line of createInterface({ input: process.stdin })) done(JSON.parse(line));
process.exit(0);
