#include "main.h"

#include "device.h"
#include "port.h"

void scl_main(void)
{
    static scl_ring received;
    static scl_device device;
    uint8_t byte;
    scl_device_init(&device, &received);
    port_init(&received);
    for (;;) {
        while (scl_ring_get(&received, &byte)) {
            scl_device_receive(&device, byte);
        }
        scl_device_poll(&device);
        port_idle();
    }
}
