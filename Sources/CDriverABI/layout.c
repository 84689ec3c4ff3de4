/* Frozen layouts: a change here breaks every driver that exists. */
#include "gantry_driver.h"

_Static_assert(sizeof(gantry_bytes) == 16, "frozen");
_Static_assert(sizeof(gantry_pair) == 32, "frozen");
_Static_assert(sizeof(gantry_error) == 1024, "frozen");
_Static_assert(sizeof(gantry_option) == 56, "frozen");
_Static_assert(sizeof(gantry_log_line) == 48, "frozen");
_Static_assert(sizeof(gantry_mount) == 88, "frozen");
_Static_assert(sizeof(gantry_snapshot) == 48, "frozen");
_Static_assert(sizeof(gantry_usage) == 16, "frozen");
_Static_assert(sizeof(gantry_subnet) == 32, "frozen");
_Static_assert(sizeof(gantry_port) == 24, "frozen");
_Static_assert(sizeof(gantry_interface) == 48, "frozen");
_Static_assert(sizeof(gantry_network_object) == 24, "frozen");
_Static_assert(sizeof(gantry_volume) == 40, "frozen");
_Static_assert(offsetof(gantry_log_vtable, open) == 8, "sized structs start with size and caps");
_Static_assert(offsetof(gantry_storage_vtable, open) == 8, "sized structs start with size and caps");
_Static_assert(offsetof(gantry_network_vtable, open) == 8, "sized structs start with size and caps");
_Static_assert(offsetof(gantry_volume_vtable, open) == 8, "sized structs start with size and caps");
