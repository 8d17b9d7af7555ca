/* An IMU behind Zephyr's sensor API, and the timer, work and queue that the sample takes its samples with. A test sets what it gives
 * (`imu_counts`, of the scales of `imu_scale`), lets periods pass (`imu_period`) and reads what was set. */
#include <string.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>

const struct device stub_accel0 = {"imu"};
int16_t imu_counts[6];
double imu_scale[2] = {1, 1};
bool imu_fails, imu_busy, imu_moves, imu_sleeps; /* moves: it gives other counts each time, by a rule; sleeps: at its bus, until imu_wakes */
double imu_attributes[2][2]; /* of accelerometer and gyroscope: rate, full scale */
int imu_fetched;

static struct k_timer *timer;
static struct k_work *asleep;
static double now[6];

static int of(enum sensor_channel chan)
{
    return chan == SENSOR_CHAN_GYRO_XYZ;
}

static struct sensor_value value_of(double x)
{
    const int64_t micro = (int64_t)(x * 1e6 + (x < 0 ? -0.5 : 0.5));
    return (struct sensor_value){(int32_t)(micro / 1000000), (int32_t)(micro % 1000000)};
}

int sensor_sample_fetch(const struct device *dev)
{
    for (int i = 0; imu_moves && i < 6; i++) {
        imu_counts[i] = (int16_t)(imu_fetched * 37 * (i + 1) % 4001 - 2000);
    }
    imu_fetched++;
    for (int i = 0; i < 6; i++) {
        now[i] = imu_counts[i] * imu_scale[i / 3];
    }
    return imu_fails || dev != &stub_accel0 ? -5 : 0;
}

int sensor_channel_get(const struct device *dev, enum sensor_channel chan, struct sensor_value *val)
{
    (void)dev;
    for (int axis = 0; axis < 3; axis++) {
        val[axis] = value_of(now[3 * of(chan) + axis]);
    }
    return 0;
}

int sensor_attr_set(const struct device *dev, enum sensor_channel chan, enum sensor_attribute attr, const struct sensor_value *val)
{
    (void)dev;
    imu_attributes[of(chan)][attr == SENSOR_ATTR_FULL_SCALE] = val->val1 + val->val2 * 1e-6;
    return -88; /* this driver lets nobody set anything */
}

void sensor_g_to_ms2(int32_t g, struct sensor_value *ms2)
{
    *ms2 = value_of(g * 9.80665);
}

void sensor_degrees_to_rad(int32_t d, struct sensor_value *rad)
{
    *rad = value_of(d * 3.14159265358979 / 180);
}

/* A period passes, if the timer runs. */
void imu_period(void)
{
    if (timer != NULL && timer->runs) {
        timer->expiry(timer);
    }
}

int k_work_submit(struct k_work *work)
{
    if (imu_sleeps) {
        asleep = work;
    } else if (!imu_busy) {
        work->handler(work);
    }
    return 1;
}

/* A handler that runs goes on to its end. */
void imu_wakes(void)
{
    struct k_work *work = asleep;
    asleep = NULL;
    if (work != NULL) {
        work->handler(work);
    }
}

bool k_work_cancel_sync(struct k_work *work, struct k_work_sync *sync)
{
    (void)work;
    (void)sync;
    const bool ran = asleep != NULL;
    imu_wakes();
    return ran;
}

void k_timer_start(struct k_timer *started, k_timeout_t duration, k_timeout_t period)
{
    (void)duration;
    (void)period;
    timer = started;
    timer->runs = true;
}

void k_timer_stop(struct k_timer *stopped)
{
    stopped->runs = false;
}

int k_msgq_put(struct k_msgq *queue, const void *data, k_timeout_t timeout)
{
    (void)timeout;
    if (queue->used == queue->most) {
        return -35;
    }
    memcpy(queue->buffer + (queue->first + queue->used) % queue->most * queue->size, data, queue->size);
    queue->used++;
    return 0;
}

int k_msgq_get(struct k_msgq *queue, void *data, k_timeout_t timeout)
{
    (void)timeout;
    if (queue->used == 0) {
        return -35;
    }
    memcpy(data, queue->buffer + queue->first * queue->size, queue->size);
    queue->first = (queue->first + 1) % queue->most;
    queue->used--;
    return 0;
}

void k_msgq_purge(struct k_msgq *queue)
{
    queue->used = 0;
}

uint32_t k_msgq_num_used_get(struct k_msgq *queue)
{
    return (uint32_t)queue->used;
}
