#include "bmi270.h"

enum {
    CHIP_ID = 0x00,
    INTERNAL_STATUS = 0x21,
    FIFO_LENGTH = 0x24,
    FIFO_DATA = 0x26,
    ACC_CONF = 0x40,
    ACC_RANGE = 0x41,
    GYR_CONF = 0x42,
    GYR_RANGE = 0x43,
    FIFO_CONFIG_0 = 0x48,
    FIFO_CONFIG_1 = 0x49,
    INIT_CTRL = 0x59,
    INIT_ADDR_0 = 0x5B,      /* and INIT_ADDR_1: where the next words go, in words of two bytes */
    INIT_DATA = 0x5E,
    PWR_CONF = 0x7C,
    PWR_CTRL = 0x7D,
    CMD = 0x7E
};

enum {
    BMI270 = 0x24,
    SOFT_RESET = 0xB6,
    FIFO_FLUSH = 0xB0,
    INITIALIZED = 0x01,      /* of INTERNAL_STATUS, its low four bits */
    PERFORMANCE = 0xA0,      /* of both sensors' filters, without averaging */
    OVERWRITES = 0x00,       /* when it is full, and without sensor time */
    FRAMES = 0xD0,           /* with headers, of accelerometer and gyroscope */
    BOTH_ON = 0x06,
    CHUNK = 16,              /* bytes of the configuration in one transfer: Wire of the smallest cores of Arduino takes 32 with the address */
    RESET_US = 2000,
    AWAKE_US = 450,
    CONFIGURED_TRIES = 30,
    CONFIGURED_US = 5000,
    TURN_ON_US = 80000       /* until both sensors' filters have settled */
};

enum {
    FRAME_BYTES = 13,        /* header, gyroscope, accelerometer */
    FRAME = 0x8C,
    FRAME_SKIPPED = 0x40,    /* and how many samples were */
    FRAME_TIME = 0x44,
    FRAME_SETTING = 0x48,
    FRAME_EMPTY = 0x80,
    MOST_BURSTS = 4          /* in one read, of which only the last can be a sample */
};

static const scl_part_code rates[] = {{25, 6}, {50, 7}, {100, 8}, {200, 9}, {400, 10}, {800, 11}};
static const scl_part_code accelerations[] = {{2, 0}, {4, 1}, {8, 2}, {16, 3}};
static const scl_part_code turns[] = {{125, 4}, {250, 3}, {500, 2}, {1000, 1}, {2000, 0}};

static bool set(const scl_bmi270 *part, uint8_t address, uint8_t value)
{
    return scl_bus_set(part->bus, address, value);
}

static void wait(const scl_bmi270 *part, uint32_t us)
{
    part->bus->wait_us(part->bus->context, us);
}

/* The part answers over SPI once it has seen one read; over I2C the first one is nothing but early. */
static scl_part_error identify(const scl_bmi270 *part)
{
    uint8_t identity = 0;
    (void)scl_bus_get(part->bus, CHIP_ID, &identity, 1);
    if (!scl_bus_get(part->bus, CHIP_ID, &identity, 1)) {
        return SCL_PART_BUS;
    }
    return identity == BMI270 ? SCL_PART_OK : SCL_PART_IDENTITY;
}

static bool hand_over(const scl_bmi270 *part, const uint8_t *configuration, size_t size)
{
    bool taken = set(part, INIT_CTRL, 0);
    for (size_t at = 0; taken && (at < size); at += CHUNK) {
        const size_t word = at / 2u;
        const uint8_t place[2] = {(uint8_t)(word & 0x0Fu), (uint8_t)(word >> 4)};
        taken = part->bus->write(part->bus->context, INIT_ADDR_0, place, sizeof place) &&
                part->bus->write(part->bus->context, INIT_DATA, &configuration[at], CHUNK);
    }
    return taken && set(part, INIT_CTRL, 1);
}

static scl_part_error configure(const scl_bmi270 *part, const uint8_t *configuration, size_t size)
{
    uint8_t status = 0;
    bool answers = set(part, PWR_CONF, 0);
    wait(part, AWAKE_US);
    answers = answers && hand_over(part, configuration, size);
    for (int i = 0; (i < CONFIGURED_TRIES) && answers && ((status & 0x0Fu) != INITIALIZED); i++) {
        wait(part, CONFIGURED_US);
        answers = scl_bus_get(part->bus, INTERNAL_STATUS, &status, 1);
    }
    if (!answers) {
        return SCL_PART_BUS;
    }
    return (status & 0x0Fu) == INITIALIZED ? SCL_PART_OK : SCL_PART_START;
}

scl_part_error scl_bmi270_start(scl_bmi270 *part, const scl_bus *bus, scl_imu_settings settings, const uint8_t *configuration, size_t size)
{
    const uint8_t rate = scl_part_code_of(rates, sizeof rates / sizeof *rates, settings.rate_hz);
    const uint8_t g = scl_part_code_of(accelerations, sizeof accelerations / sizeof *accelerations, settings.g);
    const uint8_t dps = scl_part_code_of(turns, sizeof turns / sizeof *turns, settings.dps);
    part->bus = bus;
    part->lost = 0;
    part->overruns = 0;
    if ((rate == 0xFFu) || (g == 0xFFu) || (dps == 0xFFu) || (size == 0u) || (size > SCL_BMI270_CONFIGURATION) || ((size % CHUNK) != 0u)) {
        return SCL_PART_SETTING;
    }
    scl_part_error error = identify(part);
    if (error != SCL_PART_OK) {
        return error;
    }
    if (!set(part, CMD, SOFT_RESET)) {
        return SCL_PART_BUS;
    }
    wait(part, RESET_US);
    error = identify(part);
    if (error == SCL_PART_OK) {
        error = configure(part, configuration, size);
    }
    if (error != SCL_PART_OK) {
        return error;
    }
    if (!set(part, ACC_CONF, (uint8_t)(PERFORMANCE | rate)) || !set(part, ACC_RANGE, g) || !set(part, GYR_CONF, (uint8_t)(PERFORMANCE | rate)) ||
        !set(part, GYR_RANGE, dps) || !set(part, PWR_CTRL, BOTH_ON)) {
        return SCL_PART_BUS;
    }
    wait(part, TURN_ON_US);
    const bool runs = set(part, FIFO_CONFIG_0, OVERWRITES) && set(part, FIFO_CONFIG_1, FRAMES) && set(part, CMD, FIFO_FLUSH);
    return runs ? SCL_PART_OK : SCL_PART_BUS;
}

scl_part_error scl_bmi270_stop(scl_bmi270 *part)
{
    return set(part, PWR_CTRL, 0) ? SCL_PART_OK : SCL_PART_BUS;
}

/* Empties a FIFO that holds what is no frame. */
static scl_part_error flush(scl_bmi270 *part)
{
    part->overruns++;
    part->lost++;
    return set(part, CMD, FIFO_FLUSH) ? SCL_PART_DATA : SCL_PART_BUS;
}

/* Bytes of a frame that is no sample; 0: it is one, or no frame. */
static uint32_t control_size(uint8_t header)
{
    switch (header) {
    case FRAME_SKIPPED: return 2;
    case FRAME_TIME: return 4;
    case FRAME_SETTING: return 5;
    default: return 0;
    }
}

/* Goes through the frames at the beginning of a burst that are no sample and were read to their end. Returns their bytes. */
static uint32_t pass_controls(scl_bmi270 *part, const uint8_t burst[FRAME_BYTES])
{
    uint32_t at = 0, size = control_size(burst[0]);
    while ((size > 0u) && ((at + size) <= FRAME_BYTES)) {
        if (burst[at] == FRAME_SKIPPED) {
            part->overruns++;
            part->lost += burst[at + 1u];
        }
        at += size;
        size = at < FRAME_BYTES ? control_size(burst[at]) : 0u;
    }
    return at;
}

/* Of a frame that was not read to its end, the part gives the whole one again: so each burst is of a sample's length. */
scl_part_error scl_bmi270_read(scl_bmi270 *part, int16_t counts[6], uint32_t *taken)
{
    uint8_t length[2], burst[FRAME_BYTES];
    *taken = 0;
    if (!scl_bus_get(part->bus, FIFO_LENGTH, length, sizeof length)) {
        return SCL_PART_BUS;
    }
    uint32_t unread = length[0] | ((length[1] & 0x3Fu) << 8);
    for (int i = 0; (i < MOST_BURSTS) && (unread > 0u); i++) {
        if (!scl_bus_get(part->bus, FIFO_DATA, burst, sizeof burst)) {
            return SCL_PART_BUS;
        }
        const uint32_t passed = pass_controls(part, burst);
        if (passed == 0u) {
            if ((burst[0] != FRAME) && (burst[0] != FRAME_EMPTY)) {
                return flush(part);
            }
            if ((burst[0] == FRAME) && (unread >= FRAME_BYTES)) {
                scl_part_axes(&burst[7], &counts[0]);
                scl_part_axes(&burst[1], &counts[3]);
                *taken = 1u + part->lost;
                part->lost = 0;
            }
            return SCL_PART_OK;
        }
        unread = unread > passed ? unread - passed : 0u;
    }
    return SCL_PART_OK;
}
