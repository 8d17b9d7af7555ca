#include "lsm6ds3.h"

enum {
    FIFO_CTRL3 = 0x08,       /* decimation of the pattern; of a tagged FIFO, its rates are one register on */
    FIFO_CTRL3_TAGGED = 0x09,
    FIFO_MODE = 0x0A,        /* FIFO_CTRL5, of a tagged FIFO FIFO_CTRL4 */
    WHO_AM_I = 0x0F,
    CTRL1_XL = 0x10,
    CTRL2_G = 0x11,
    CTRL3_C = 0x12,
    FIFO_STATUS1 = 0x3A,
    FIFO_DATA_OUT_L = 0x3E,  /* a burst goes round in its two bytes */
    FIFO_DATA_OUT_TAG = 0x78 /* a burst goes round in the tag and its six bytes */
};

enum {
    LSM6DS3 = 0x69,
    LSM6DS3TR_C = 0x6A,      /* and LSM6DSL */
    LSM6DSO = 0x6C,          /* and LSM6DSOX */
    SW_RESET = 0x01,
    BDU_IF_INC = 0x44,       /* a count's bytes are of one sample; bursts go from register to register */
    BYPASS = 0x00,
    CONTINUOUS = 0x06,
    EVERY_SAMPLE = 0x09,     /* both sensors are in the pattern, without decimation */
    PATTERN_OVERRUN = 0x40,
    PATTERN_EMPTY = 0x10,
    PATTERN_WORDS = 6,       /* Gx Gy Gz Ax Ay Az */
    TAGGED_OVERRUN = 0x08,   /* latched until FIFO_STATUS2 is read */
    TAG_GYROSCOPE = 0x01,
    TAG_ACCELEROMETER = 0x02,
    MOST_WORDS = 8,          /* tagged ones in one read; a sample is two */
    RESET_TRIES = 50,
    RESET_US = 1000,
    TURN_ON_US = 100000      /* until both sensors' filters have settled */
};

static const scl_part_code rates[] = {{26, 2}, {52, 3}, {104, 4}, {208, 5}, {416, 6}, {833, 7}};
static const scl_part_code accelerations[] = {{2, 0}, {4, 2}, {8, 3}, {16, 1}};
static const scl_part_code turns[] = {{250, 0}, {500, 1}, {1000, 2}, {2000, 3}};

static bool set(const scl_lsm6ds3 *part, uint8_t address, uint8_t value)
{
    return scl_bus_set(part->bus, address, value);
}

static bool tagged(const scl_lsm6ds3 *part)
{
    return part->identity == LSM6DSO;
}

static scl_part_error reset(const scl_lsm6ds3 *part)
{
    uint8_t control = SW_RESET;
    bool answers = set(part, CTRL3_C, SW_RESET);
    for (int i = 0; (i < RESET_TRIES) && answers && ((control & SW_RESET) != 0u); i++) {
        part->bus->wait_us(part->bus->context, RESET_US);
        answers = scl_bus_get(part->bus, CTRL3_C, &control, 1);
    }
    if (!answers) {
        return SCL_PART_BUS;
    }
    return (control & SW_RESET) != 0u ? SCL_PART_START : SCL_PART_OK;
}

static bool start_fifo(scl_lsm6ds3 *part, uint8_t rate)
{
    part->mode = tagged(part) ? (uint8_t)CONTINUOUS : (uint8_t)((rate << 3) | CONTINUOUS);
    const bool rates_set =
        tagged(part) ? set(part, FIFO_CTRL3_TAGGED, (uint8_t)((rate << 4) | rate)) : set(part, FIFO_CTRL3, EVERY_SAMPLE);
    return rates_set && set(part, FIFO_MODE, part->mode);
}

scl_part_error scl_lsm6ds3_start(scl_lsm6ds3 *part, const scl_bus *bus, scl_imu_settings settings)
{
    const uint8_t rate = scl_part_code_of(rates, sizeof rates / sizeof *rates, settings.rate_hz);
    const uint8_t g = scl_part_code_of(accelerations, sizeof accelerations / sizeof *accelerations, settings.g);
    const uint8_t dps = scl_part_code_of(turns, sizeof turns / sizeof *turns, settings.dps);
    part->bus = bus;
    part->identity = 0;
    part->half = 0;
    part->lost = 0;
    part->overruns = 0;
    if ((rate == 0xFFu) || (g == 0xFFu) || (dps == 0xFFu)) {
        return SCL_PART_SETTING;
    }
    if (!scl_bus_get(bus, WHO_AM_I, &part->identity, 1)) {
        return SCL_PART_BUS;
    }
    if ((part->identity != LSM6DS3) && (part->identity != LSM6DS3TR_C) && (part->identity != LSM6DSO)) {
        return SCL_PART_IDENTITY;
    }
    const scl_part_error error = reset(part);
    if (error != SCL_PART_OK) {
        return error;
    }
    if (!set(part, CTRL3_C, BDU_IF_INC) || !set(part, CTRL1_XL, (uint8_t)((rate << 4) | (g << 2))) ||
        !set(part, CTRL2_G, (uint8_t)((rate << 4) | (dps << 2)))) {
        return SCL_PART_BUS;
    }
    bus->wait_us(bus->context, TURN_ON_US);
    return (set(part, FIFO_MODE, BYPASS) && start_fifo(part, rate)) ? SCL_PART_OK : SCL_PART_BUS;
}

scl_part_error scl_lsm6ds3_stop(scl_lsm6ds3 *part)
{
    const bool stopped = set(part, FIFO_MODE, BYPASS) && set(part, CTRL1_XL, 0) && set(part, CTRL2_G, 0);
    return stopped ? SCL_PART_OK : SCL_PART_BUS;
}

static void overrun(scl_lsm6ds3 *part)
{
    part->overruns++;
    part->lost++;
}

/* Half a sample that an overrun left was counted with it. */
static void half_lost(scl_lsm6ds3 *part)
{
    if (part->lost == 0u) {
        overrun(part);
    }
}

/* Hands the sample on that part->counts holds. */
static void give(scl_lsm6ds3 *part, int16_t *counts, uint32_t *taken)
{
    for (size_t i = 0; i < 6u; i++) {
        counts[i] = part->counts[i];
    }
    *taken = 1u + part->lost;
    part->lost = 0;
    part->half = 0;
}

/* Empties a FIFO that stands at no place of a sample. */
static scl_part_error restart_fifo(const scl_lsm6ds3 *part)
{
    return (set(part, FIFO_MODE, BYPASS) && set(part, FIFO_MODE, part->mode)) ? SCL_PART_DATA : SCL_PART_BUS;
}

/* One sample is six words; where the FIFO stands in the midst of one, its rest is read away. */
static scl_part_error read_pattern(scl_lsm6ds3 *part, int16_t *counts, uint32_t *taken)
{
    uint8_t status[4], words[2 * PATTERN_WORDS];
    if (!scl_bus_get(part->bus, FIFO_STATUS1, status, sizeof status)) {
        return SCL_PART_BUS;
    }
    const bool full = (status[1] & PATTERN_OVERRUN) != 0u;
    const uint32_t unread = status[0] | ((status[1] & 0x0Fu) << 8);
    const uint32_t pattern = status[2] | ((status[3] & 0x03u) << 8);
    if (full) {
        overrun(part);
    }
    if (((status[1] & PATTERN_EMPTY) != 0u) || ((unread < PATTERN_WORDS) && !full)) {
        return SCL_PART_OK;
    }
    if (pattern >= PATTERN_WORDS) {
        if (!full) {
            overrun(part);
        }
        return restart_fifo(part);
    }
    if (!scl_bus_get(part->bus, FIFO_DATA_OUT_L, words, 2u * (PATTERN_WORDS - pattern))) {
        return SCL_PART_BUS;
    }
    if (pattern > 0u) {
        half_lost(part);
        return SCL_PART_OK;
    }
    scl_part_axes(&words[6], &part->counts[0]);
    scl_part_axes(words, &part->counts[3]);
    give(part, counts, taken);
    return SCL_PART_OK;
}

/* A sample is two words of one time slot, in any order. */
static scl_part_error read_tagged(scl_lsm6ds3 *part, int16_t *counts, uint32_t *taken)
{
    uint8_t status[2], word[7];
    if (!scl_bus_get(part->bus, FIFO_STATUS1, status, sizeof status)) {
        return SCL_PART_BUS;
    }
    if ((status[1] & TAGGED_OVERRUN) != 0u) {
        part->half = 0; /* slots repeat after four samples: a half behind the gap could pass for its other one */
        overrun(part);
    }
    const uint32_t unread = status[0] | ((status[1] & 0x03u) << 8);
    for (uint32_t i = 0; (i < unread) && (i < MOST_WORDS) && (*taken == 0u); i++) {
        if (!scl_bus_get(part->bus, FIFO_DATA_OUT_TAG, word, sizeof word)) {
            return SCL_PART_BUS;
        }
        const uint8_t tag = (uint8_t)(word[0] >> 3), slot = (uint8_t)((word[0] >> 1) & 0x03u);
        if ((tag != TAG_GYROSCOPE) && (tag != TAG_ACCELEROMETER)) {
            continue;
        }
        scl_part_axes(&word[1], &part->counts[tag == TAG_ACCELEROMETER ? 0 : 3]);
        if ((part->half != 0u) && (part->half != tag) && (part->slot == slot)) {
            give(part, counts, taken);
        } else {
            if (part->half != 0u) {
                half_lost(part);
            }
            part->half = tag;
            part->slot = slot;
        }
    }
    return SCL_PART_OK;
}

scl_part_error scl_lsm6ds3_read(scl_lsm6ds3 *part, int16_t counts[6], uint32_t *taken)
{
    *taken = 0;
    return tagged(part) ? read_tagged(part, counts, taken) : read_pattern(part, counts, taken);
}
