/* The link over Serial: the host sends recordings and reads back what the board answers.
 *
 *   python -m firmware_host.validate BUNDLE --port /dev/ttyACM0 */
#include <Arduino.h>
#include <$name.h>
#include <scl/main.h>
#include <scl/serial_port.h>

void setup()
{
    scl_main(); /* does not return */
}

void loop()
{
}
