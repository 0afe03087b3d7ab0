/* The mutator's view of frames (RFC 6455 section 5.2). A frame is taken apart,
 * changed and written again with its length, mask and fragments consistent; now
 * and then one thing is broken on purpose. */
#include "mutator.h"

#include "plain_frame.h"

#define PAYLOAD_MAX 4096u

struct frame {
    struct ws_frame_head head;
    size_t size;                  /* of payload, unmasked */
    uint8_t payload[PAYLOAD_MAX];
};

/* False when the head is not all there, or there is more payload than we keep. */
static bool frame_read(struct frame *f, const uint8_t *unit, size_t size)
{
    if (!plain_head(&f->head, WS_SERVER, unit, size) || size - f->head.head_length > PAYLOAD_MAX)
        return false;
    f->size = size - f->head.head_length;
    for (size_t i = 0; i < f->size; i++)
        f->payload[i] = unit[f->head.head_length + i] ^ f->head.masking_key[i % 4];
    return true;
}

/* A writer of its own: the mutator needs nothing of the library, and what the library writes is under test. */
static size_t head_write(const struct ws_frame_head *head, uint8_t *out)
{
    const uint64_t n = head->payload_length;
    unsigned form = head->length_form;
    if (form == WS_LENGTH_MINIMAL)
        form = n < 126 ? WS_LENGTH_7 : n < 65536 ? WS_LENGTH_16 : WS_LENGTH_64;
    const size_t extended = form == WS_LENGTH_7 ? 0 : form / 8u;
    out[0] = (uint8_t)(head->fin << 7 | head->rsv << 4 | head->opcode);
    out[1] = (uint8_t)((head->masked ? 128u : 0u) | (extended == 0 ? n & 127 : extended == 2 ? 126u : 127u));
    for (size_t i = 0; i < extended; i++)
        out[2 + i] = (uint8_t)(n >> 8 * (extended - 1 - i));
    if (head->masked)
        memcpy(out + 2 + extended, head->masking_key, 4);
    return 2 + extended + (head->masked ? 4u : 0u);
}

/* With the length that the head claims; 0 when it does not fit. */
static size_t frame_write(const struct frame *f, uint8_t *unit, size_t max)
{
    uint8_t head[WS_FRAME_HEAD_MAX];
    size_t head_size = head_write(&f->head, head);
    if (head_size > max || f->size > max - head_size)
        return 0;
    memcpy(unit, head, head_size);
    for (size_t i = 0; i < f->size; i++)
        unit[head_size + i] = f->payload[i] ^ f->head.masking_key[i % 4];
    return head_size + f->size;
}

static size_t first(const uint8_t *bytes, size_t size)
{
    struct ws_frame_head head;
    if (!plain_head(&head, WS_SERVER, bytes, size) || head.payload_length > size - head.head_length)
        return size;
    return head.head_length + (size_t)head.payload_length;
}

static void fill(struct frame *f, const void *bytes, size_t size)
{
    memcpy(f->payload, bytes, size);
    f->size = size;
}

/* ---- changes that leave the frame whole ---- */

static void resize(struct prng *chance, struct frame *f)
{
    static const size_t sizes[] = {0,   1,   2,   3,   15,  16,  17,  31,  63,  64,
                                   65,  124, 125, 126, 127, 128, 255, 256, 300, 1000};
    size_t size = chance_of(chance, sizes);
    for (; f->size < size; f->size++)
        f->payload[f->size] = f->size ? f->payload[f->size - 1] : 'a';
    f->size = size;
}

static void say(struct prng *chance, struct frame *f)
{
    static const char *const texts[] = {"a", "Hello", "\xce\xba\xe1\xbd\xb9", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xf0\x9f\x98\x80", "\xc0\xaf", "\xef\xbb\xbf", "\xf0\x9f", "\xff", "\x7f"};
    const char *text = chance_of(chance, texts);
    size_t at = prng_below(chance, f->size + 1);
    f->size = mutator_put(f->payload, f->size, PAYLOAD_MAX, at, 0, text, strlen(text));
    if (chance_one_in(chance, 3))
        f->head.opcode = WS_TEXT;
}

static void close_with(struct prng *chance, struct frame *f)
{
    static const uint16_t codes[] = {999,  1000, 1001, 1003, 1004, 1005, 1006, 1007, 1011, 1012, 1014,
                                     1015, 1016, 2999, 3000, 4999, 5000, 65535, 0};
    uint16_t code = chance_of(chance, codes);
    f->head.opcode = WS_CLOSE;
    f->head.fin = 1;
    f->size = f->size > 125 ? 125 : f->size < 2 ? 2 : f->size;
    f->payload[0] = (uint8_t)(code >> 8);
    f->payload[1] = (uint8_t)code;
}

/* DEFLATE of "Hello": fixed, stored and dynamic blocks, finished and not (RFC 7692 section 7.2.3). */
static void compress(struct prng *chance, struct frame *f)
{
    static const struct {
        size_t size;
        uint8_t bytes[16];
    } packed[] = {
        {7, {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}},
        {5, {0xf2, 0x00, 0x11, 0x00, 0x00}}, /* takes from the message before */
        {11, {0x00, 0x05, 0x00, 0xfa, 0xff, 'H', 'e', 'l', 'l', 'o', 0x00}},
        {8, {0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}},
        {1, {0x00}},
        {3, {0x05, 0xff, 0xff}},
    };
    size_t which = prng_below(chance, sizeof packed / sizeof *packed);
    fill(f, packed[which].bytes, packed[which].size);
    f->head.opcode = chance_one_in(chance, 2) ? WS_TEXT : WS_BINARY;
    f->head.rsv = 4;
}

static void mask_anew(struct prng *chance, struct frame *f)
{
    f->head.masked = chance_one_in(chance, 4) ? !f->head.masked : f->head.masked;
    memset(f->head.masking_key, 0, 4);
    if (f->head.masked && !chance_one_in(chance, 8))
        prng_fill(chance, f->head.masking_key, 4);
}

/* ---- one thing that breaks ---- */

static void misclaim(struct prng *chance, struct frame *f)
{
    switch (prng_below(chance, 6)) {
    case 0: f->head.payload_length++; break;
    case 1: f->head.payload_length -= f->head.payload_length != 0; break;
    case 2: f->head.length_form = WS_LENGTH_16; break;
    case 3: f->head.length_form = WS_LENGTH_64; break;
    case 4: f->head.payload_length |= UINT64_C(1) << (16 + prng_below(chance, 48)); break;
    default: f->head.payload_length = UINT64_C(1) << 63 | f->size; break;
    }
    if (f->head.payload_length > 65535)
        f->head.length_form = WS_LENGTH_64;
}

/* In two fragments, both with the frame's own mask. */
static size_t fragment(struct prng *chance, struct frame *f, uint8_t *unit, size_t max)
{
    static struct frame second;
    size_t cut = prng_below(chance, f->size + 1);
    second = *f;
    second.head.opcode = WS_CONTINUATION;
    second.head.rsv = 0;
    second.size = f->size - cut;
    memmove(second.payload, f->payload + cut, second.size);
    f->size = cut;
    f->head.fin = 0;
    f->head.payload_length = f->size;
    second.head.payload_length = second.size;
    size_t size = frame_write(f, unit, max);
    size_t rest = size ? frame_write(&second, unit + size, max - size) : 0;
    return rest ? size + rest : 0;
}

static void change(struct prng *chance, struct frame *f)
{
    static const uint8_t opcodes[] = {WS_CONTINUATION, WS_TEXT, WS_BINARY, WS_CLOSE, WS_PING, WS_PONG, 3, 11, 15};
    switch (prng_below(chance, 9)) {
    case 0: f->head.opcode = chance_of(chance, opcodes); break;
    case 1: f->head.fin = !f->head.fin; break;
    case 2: f->head.rsv ^= (uint8_t)(1u << prng_below(chance, 3)); break;
    case 3: mask_anew(chance, f); break;
    case 4: resize(chance, f); break;
    case 5: say(chance, f); break;
    case 6: close_with(chance, f); break;
    case 7: compress(chance, f); break;
    default: f->size = mutator_few_bytes(chance, f->payload, f->size, PAYLOAD_MAX); break;
    }
}

static size_t tweak(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    static struct frame f;
    if (size == 0) {
        f = (struct frame){.head = {.fin = 1, .opcode = WS_TEXT, .masked = !chance_one_in(chance, 3)}};
        mask_anew(chance, &f);
    } else if (!frame_read(&f, unit, size)) {
        return mutator_few_bytes(chance, unit, size, max);
    }
    uint8_t long_form = f.head.faults & WS_FAULT_NON_MINIMAL ? f.head.length_form : WS_LENGTH_MINIMAL;
    size_t made = 0;
    if (size != 0 && chance_one_in(chance, 6)) {
        f.head.length_form = WS_LENGTH_MINIMAL;
        made = fragment(chance, &f, unit, max);
        return made ? made : size;
    }
    change(chance, &f);
    f.head.payload_length = f.size;
    f.head.length_form = f.size > 65535 || chance_one_in(chance, 2) ? WS_LENGTH_MINIMAL : long_form;
    if (chance_one_in(chance, 8))
        misclaim(chance, &f);
    made = frame_write(&f, unit, max);
    return made ? made : size;
}

/* Half the payload, then a short length, then no mask. */
static size_t shrink(uint8_t *unit, size_t size)
{
    static struct frame f;
    if (!frame_read(&f, unit, size))
        return size / 2;
    if (f.size != f.head.payload_length)
        return size;
    if (f.size != 0)
        f.size /= 2;
    else if (f.head.faults & WS_FAULT_NON_MINIMAL)
        f.head.length_form = WS_LENGTH_MINIMAL;
    else
        f.head.masked = 0;
    f.head.payload_length = f.size;
    if (!(f.head.faults & WS_FAULT_NON_MINIMAL))
        f.head.length_form = WS_LENGTH_MINIMAL;
    if (!f.head.masked)
        memset(f.head.masking_key, 0, 4);
    size_t made = frame_write(&f, unit, size);
    return made ? made : size;
}

const struct mutator_grammar mutator_FRAMES = {first, tweak, shrink};
