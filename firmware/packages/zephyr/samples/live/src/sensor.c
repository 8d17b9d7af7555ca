/* The board's own sensor through Zephyr's sensor API, whatever part the devicetree's alias accel0 names: an accelerometer, with a
 * gyroscope where the model takes one. The host asks for its classes hop by hop, for its samples, or for both.
 *
 *   python -m firmware_host.live BUNDLE --port /dev/ttyACM0
 *
 * The API gives SI units: they become the counts of the bundle's sensor again. It is asked at the bundle's rate by Zephyr's clock, while
 * the part samples by its own: where the two drift apart a sample now and then comes twice, or not at all, which nobody counts. */
#include <scl/model.h>
#include <scl/port.h>

#include <zephyr/device.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/atomic.h>

enum { QUEUE = 64, PERIOD_US = $period_us };

struct sample {
    int16_t counts[SCL_CHANNELS];
    uint32_t lost; /* just before it */
};

extern struct k_sem arrived; /* of the link's main.c: port_idle sleeps on it */

static const struct device *const part = DEVICE_DT_GET(DT_ALIAS(accel0));
static const enum sensor_channel channels[] = {SENSOR_CHAN_ACCEL_XYZ, SENSOR_CHAN_GYRO_XYZ};
static uint32_t lost;
static atomic_t due;
static struct k_work_sync cancelled;

K_MSGQ_DEFINE(samples, sizeof(struct sample), QUEUE, 4);

static int16_t count_of(const struct sensor_value *value, const scl_sensor *sensor)
{
    const int64_t micro = (int64_t)value->val1 * 1000000 + value->val2;
    const float count = (float)micro * 1e-6f / sensor->unit_per_count;
    if (count >= (float)sensor->count_max) {
        return sensor->count_max;
    }
    if (count <= (float)sensor->count_min) {
        return sensor->count_min;
    }
    return (int16_t)(count < 0 ? count - 0.5f : count + 0.5f);
}

static bool fetch(int16_t *counts)
{
    struct sensor_value values[3];
    if (sensor_sample_fetch(part) != 0) {
        return false;
    }
    for (uint8_t i = 0; i < scl_frontend_data.sensor_count; i++) {
        if (sensor_channel_get(part, channels[i], values) != 0) {
            return false;
        }
        for (uint8_t axis = 0; axis < 3; axis++) {
            counts[3 * i + axis] = count_of(&values[axis], &scl_frontend_data.sensors[i]);
        }
    }
    return true;
}

/* In the system's work queue, which goes before the network. */
static void sample(struct k_work *work)
{
    struct sample newest;
    const atomic_val_t periods = atomic_set(&due, 0);
    (void)work;
    if (periods == 0) {
        return;
    }
    lost += (uint32_t)periods - 1;
    newest.lost = lost;
    if (fetch(newest.counts) && k_msgq_put(&samples, &newest, K_NO_WAIT) == 0) {
        lost = 0;
        k_sem_give(&arrived);
    } else {
        lost++;
    }
}

K_WORK_DEFINE(work, sample);

static void on_period(struct k_timer *timer)
{
    (void)timer;
    atomic_inc(&due);
    k_work_submit(&work);
}

K_TIMER_DEFINE(period, on_period, NULL);

/* What a driver lets nobody set, its Kconfig or devicetree sets. */
static void set(enum sensor_channel channel, const struct sensor_value *full_scale)
{
    const struct sensor_value rate = {1000000 / PERIOD_US, 1000000LL * 1000000 / PERIOD_US % 1000000};
    (void)sensor_attr_set(part, channel, SENSOR_ATTR_SAMPLING_FREQUENCY, &rate);
    (void)sensor_attr_set(part, channel, SENSOR_ATTR_FULL_SCALE, full_scale);
}

bool port_sensor_start(void)
{
    struct sensor_value range;
    if (!device_is_ready(part)) {
        return false;
    }
    sensor_g_to_ms2($g, &range);
    set(channels[0], &range);
    if (scl_frontend_data.sensor_count > 1) {
        sensor_degrees_to_rad($dps, &range);
        set(channels[1], &range);
    }
    port_sensor_stop();
    atomic_set(&due, 0);
    lost = 0;
    k_timer_start(&period, K_USEC(PERIOD_US), K_USEC(PERIOD_US));
    return true;
}

/* A fetch that sleeps at its bus is waited for: else its sample would come behind the purge, and `lost` would have two writers. */
void port_sensor_stop(void)
{
    k_timer_stop(&period);
    (void)k_work_cancel_sync(&work, &cancelled);
    k_msgq_purge(&samples);
}

uint32_t port_sensor_read(int16_t *counts)
{
    struct sample oldest;
    if (k_msgq_get(&samples, &oldest, K_NO_WAIT) != 0) {
        return 0;
    }
    for (size_t i = 0; i < SCL_CHANNELS; i++) {
        counts[i] = oldest.counts[i];
    }
    return 1 + oldest.lost;
}

bool port_sensor_waits(void)
{
    return k_msgq_num_used_get(&samples) > 0;
}
