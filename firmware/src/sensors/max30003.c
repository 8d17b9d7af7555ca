#include "max30003.h"

enum {
    STATUS = 0x01,
    MNGR_INT = 0x04,
    SW_RST = 0x08,
    SYNCH = 0x09,
    FIFO_RST = 0x0A,
    INFO = 0x0F,
    CNFG_GEN = 0x10,
    CNFG_EMUX = 0x14,
    CNFG_ECG = 0x15,
    ECG_FIFO = 0x21
};

enum {
    BYTES = 3,               /* of a register */
    IDENTITY = 0x5,          /* the highest four bits of INFO */
    EN_ECG_RBIAS = 0x080017, /* the channel is on, with 100 Mohm from both inputs to mid-supply */
    EMUX_CONNECTED = 0x000000,
    INTERRUPT_EACH = 0x000004, /* one sample in the FIFO raises EINT; it falls when it is read */
    PLL_UNLOCKED = 0x000100, /* of STATUS */
    WAITING = 0xC00000,      /* of STATUS: EINT, a sample is in the FIFO, or EOVF, it has run over */
    NEVER = 0x100C0F,        /* of STATUS: what says lead off, lead on and heartbeats, all of which are off */
    LOCK_TRIES = 50,
    LOCK_US = 2000,
    FIFO_SAMPLES = 32
};

enum { VALID = 0, FAST = 1, VALID_LAST = 2, FAST_LAST = 3, EMPTY = 6, OVERFLOW = 7 }; /* ETAG */

static const scl_part_code rates[] = {{512, 0}, {256, 1}, {128, 2}};
static const scl_part_code gains[] = {{20, 0}, {40, 1}, {80, 2}, {160, 3}};

static bool set(const scl_max30003 *part, uint8_t address, uint32_t value)
{
    const uint8_t bytes[BYTES] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    return part->bus->write(part->bus->context, address, bytes, BYTES);
}

static bool get(const scl_max30003 *part, uint8_t address, uint32_t *value)
{
    uint8_t bytes[BYTES] = {0, 0, 0};
    const bool answers = scl_bus_get(part->bus, address, bytes, BYTES);
    *value = ((uint32_t)bytes[0] << 16) | ((uint32_t)bytes[1] << 8) | bytes[2];
    return answers;
}

/* INFO says something only from its second read on. */
static scl_part_error identify(const scl_max30003 *part)
{
    uint32_t info;
    if (!get(part, INFO, &info) || !get(part, INFO, &info)) {
        return SCL_PART_BUS;
    }
    return (info >> 20) == IDENTITY ? SCL_PART_OK : SCL_PART_IDENTITY;
}

static scl_part_error wait_for_clock(const scl_max30003 *part)
{
    uint32_t status = PLL_UNLOCKED;
    bool answers = true;
    for (int i = 0; (i < LOCK_TRIES) && answers && ((status & PLL_UNLOCKED) != 0u); i++) {
        part->bus->wait_us(part->bus->context, LOCK_US);
        answers = get(part, STATUS, &status);
    }
    if (!answers) {
        return SCL_PART_BUS;
    }
    return (status & PLL_UNLOCKED) != 0u ? SCL_PART_START : SCL_PART_OK;
}

scl_part_error scl_max30003_start(scl_max30003 *part, const scl_bus *bus, scl_ecg_settings settings)
{
    const uint32_t rate = scl_part_code_of(rates, sizeof rates / sizeof *rates, settings.rate_hz);
    const uint32_t gain = scl_part_code_of(gains, sizeof gains / sizeof *gains, settings.gain);
    part->bus = bus;
    part->lost = 0;
    part->overruns = 0;
    if ((rate == 0xFFu) || (gain == 0xFFu)) {
        return SCL_PART_SETTING;
    }
    if (!set(part, SW_RST, 0)) {
        return SCL_PART_BUS;
    }
    scl_part_error error = identify(part);
    if (error != SCL_PART_OK) {
        return error;
    }
    /* Without filters of the part: the model has its own. */
    if (!set(part, CNFG_GEN, EN_ECG_RBIAS) || !set(part, CNFG_EMUX, EMUX_CONNECTED) ||
        !set(part, CNFG_ECG, (rate << 22) | (gain << 16)) || !set(part, MNGR_INT, INTERRUPT_EACH)) {
        return SCL_PART_BUS;
    }
    error = wait_for_clock(part);
    if (error != SCL_PART_OK) {
        return error;
    }
    return set(part, SYNCH, 0) ? SCL_PART_OK : SCL_PART_BUS;
}

scl_part_error scl_max30003_stop(scl_max30003 *part)
{
    return set(part, CNFG_GEN, 0) ? SCL_PART_OK : SCL_PART_BUS;
}

static scl_part_error restart_fifo(scl_max30003 *part, uint32_t lost, scl_part_error error)
{
    part->overruns++;
    part->lost += lost;
    return set(part, FIFO_RST, 0) ? error : SCL_PART_BUS;
}

/* A line without a part gives zeros or ones alone. Zeros would be a sample of the FIFO, ones its overrun; as STATUS they are no sample, and
 * what cannot be. */
scl_part_error scl_max30003_read(scl_max30003 *part, int16_t *count, uint32_t *taken)
{
    uint32_t status;
    uint32_t word;
    *taken = 0;
    if (!get(part, STATUS, &status) || ((status & NEVER) == NEVER)) {
        return SCL_PART_BUS;
    }
    if ((status & WAITING) == 0u) {
        return SCL_PART_OK;
    }
    if (!get(part, ECG_FIFO, &word)) {
        return SCL_PART_BUS;
    }
    switch ((word >> 3) & 0x7u) {
    case VALID:
    case VALID_LAST:
        *count = (int16_t)(uint16_t)(word >> 8); /* 18 bits from bit 6 on, without the lowest two */
        *taken = 1u + part->lost;
        part->lost = 0;
        return SCL_PART_OK;
    case FAST:
    case FAST_LAST: /* the time of a sample whose voltage says nothing, while the input recovers */
        part->lost++;
        return SCL_PART_OK;
    case EMPTY: return SCL_PART_OK;
    case OVERFLOW: return restart_fifo(part, FIFO_SAMPLES, SCL_PART_OK);
    default: return restart_fifo(part, 1, SCL_PART_DATA);
    }
}
