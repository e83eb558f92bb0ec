/**
 * The formulas of the optimizers, of the target's moving average and of their schedules, as
 * functions of the step and of norms. They touch no weights: the parameter server applies them to
 * its ranges. Imports {@code parameters}.
 */
package org.byol4j.optim;
